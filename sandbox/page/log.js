// A list of messages that grows at its end, and stays there as long as its reader is there.

const NEAR = 40; // pixels from the end that still count as being there
const SETTLED = 1200; // milliseconds after which an answer that was being written is read out

export function openLog(list, jump) {
  const rows = new Map();
  let atEnd = true;

  const toEnd = () => {
    list.scrollTop = list.scrollHeight;
    jump.hidden = true;
  };
  const keep = () => (atEnd ? toEnd() : undefined);
  list.addEventListener("scroll", () => {
    atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < NEAR;
    if (atEnd) jump.hidden = true;
  });
  jump.addEventListener("click", () => {
    toEnd();
    list.focus();
  });
  list.addEventListener("keydown", (event) => walk(list, event));
  new ResizeObserver(keep).observe(list);

  return {
    /** The row of that key, made anew at the end if there is none. */
    row(key, build) {
      if (!rows.has(key)) {
        rows.set(key, build());
        list.append(rows.get(key));
      }
      return rows.get(key);
    },
    get: (key) => rows.get(key),
    remove(key) {
      rows.get(key)?.remove();
      rows.delete(key);
    },
    clear() {
      rows.clear();
      list.replaceChildren();
      atEnd = true;
      jump.hidden = true;
    },
    /** Call it after every change. */
    changed() {
      if (atEnd) toEnd();
      else jump.hidden = false;
    },
    toEnd,
    /** Bring a message into view and let it shine for a moment. */
    show(key) {
      const row = rows.get(key);
      row?.scrollIntoView({ block: "center" });
      row?.animate?.([{ backgroundColor: "#7c83ff55" }, {}], 1500);
    },
  };
}

/** Up and down go from message to message, each with its buttons. */
function walk(list, event) {
  const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
  if (!step || event.target.closest("pre")) return;
  const rows = [...list.children].filter((row) => row.tabIndex === -1);
  const at = rows.indexOf(document.activeElement?.closest("li[tabindex]"));
  const next = rows[at < 0 ? rows.length - 1 : at + step];
  if (next) {
    event.preventDefault();
    next.focus();
  }
}

const settling = new Map();

/** Have a screen reader say a message once nothing has been added to it for a while. */
export function announce(key, author, element) {
  clearTimeout(settling.get(key));
  const say = () => {
    settling.delete(key);
    document.getElementById("announcer").textContent = `${author}: ${element.textContent.slice(0, 300)}`;
  };
  settling.set(key, setTimeout(say, SETTLED));
}
