// The WebSocket to the page's server. It comes back by itself.

const FIRST_PAUSE = 250;
const LONGEST_PAUSE = 4000;

/**
 * `hear` is given each event; `changed` is told whether there is a connection.
 * Returns `ask(what, fields)`: a promise of the result, or of an Error whose message is for the visitor.
 */
export function connect(hear, changed) {
  const waiting = new Map();
  let socket;
  let number = 0;
  let pause = FIRST_PAUSE;

  function open() {
    socket = new WebSocket(`ws://${location.host}/live`);
    socket.onopen = () => {
      pause = FIRST_PAUSE;
      changed(true);
    };
    socket.onmessage = ({ data }) => {
      const message = JSON.parse(data);
      if (message.from === "reply") settle(message);
      else hear(message);
    };
    socket.onclose = () => {
      changed(false);
      for (const { fail } of waiting.values()) fail(new Error("The sandbox has stopped."));
      waiting.clear();
      setTimeout(open, pause);
      pause = Math.min(2 * pause, LONGEST_PAUSE);
    };
  }

  function settle({ id, result, error }) {
    const { done, fail } = waiting.get(id) ?? {};
    waiting.delete(id);
    if (error) fail?.(new Error(error));
    else done?.(result);
  }

  open();
  return (what, fields) =>
    new Promise((done, fail) => {
      if (socket.readyState !== WebSocket.OPEN) {
        fail(new Error("The sandbox does not answer."));
        return;
      }
      number += 1;
      waiting.set(number, { done, fail });
      socket.send(JSON.stringify({ id: number, do: what, ...fields }));
    });
}
