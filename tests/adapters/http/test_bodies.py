"""adapters.http.bodies: large requests are in memory a few at once, and nobody takes all the room."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.http.bodies import OF_ALL, OF_ONE, SMALL, Bodies, Room
from adapters.http.refusals import NoRoom, told

LARGEST = 32 << 20


def test_one_caller_has_room_for_two_of_the_largest_and_others_for_theirs() -> None:
    bodies = Bodies()
    for _ in range(2):
        Room(bodies, "ada").cover(LARGEST)
    with pytest.raises(NoRoom) as refused:
        Room(bodies, "ada").cover(LARGEST)
    Room(bodies, "bob").cover(LARGEST)

    how = told(refused.value)
    assert (429, "5", "close") == (how.status, how.headers["Retry-After"], how.headers["Connection"])


def test_when_all_together_have_too_much_it_is_nobodys_fault() -> None:
    bodies = Bodies()
    for number in range(OF_ALL // LARGEST):
        Room(bodies, f"owl {number}").cover(LARGEST)
    with pytest.raises(NoRoom) as refused:
        Room(bodies, "ada").cover(LARGEST)

    assert 503 == told(refused.value).status
    Room(bodies, "ada").cover(SMALL)


@given(
    st.lists(st.tuples(st.sampled_from(["ada", "bob"]), st.lists(st.integers(0, OF_ONE // 2), max_size=3)), max_size=9)
)
def test_all_room_is_given_back(requests: list[tuple[str, list[int]]]) -> None:
    """Of those that were refused, too; and once, though told twice."""
    bodies, rooms = Bodies(), []
    for person, sizes in requests:
        rooms.append(room := Room(bodies, person))
        for size in sizes:
            try:
                room.add(size)
            except NoRoom:
                break
    for room in rooms * 2:
        room.close()

    bodies.take("ada", OF_ONE)
    bodies.take("bob", OF_ONE)
