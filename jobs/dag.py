"""The graph of dependencies, pure: cycles, what follows what, and what belongs to one run.

Nodes are anything that can be hashed and sorted; an edge is a pair (upstream, downstream).
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from typing import Any, Generic, TypeVar

N = TypeVar("N", bound=Any)


class Graph(Generic[N]):
    """A directed graph; cycles are found, not refused."""

    def __init__(self, edges: Iterable[tuple[N, N]] = ()) -> None:
        self._after: dict[N, set[N]] = defaultdict(set)
        self._before: dict[N, set[N]] = defaultdict(set)
        for upstream, downstream in edges:
            self._after[upstream].add(downstream)
            self._before[downstream].add(upstream)

    def upstreams(self, node: N) -> set[N]:
        """The nodes that ``node`` waits for itself."""
        return set(self._before.get(node, ()))

    def path(self, start: N, end: N) -> list[N] | None:
        """Return a shortest way along the edges, both ends in it; None when there is none.

        An edge from ``end`` to ``start`` would close exactly this way to a cycle.
        """
        came_from: dict[N, N | None] = {start: None}
        waiting = deque([start])
        while waiting:
            node = waiting.popleft()
            if node == end:
                return list(_back(came_from, end))[::-1]
            for following in sorted(self._after.get(node, ())):
                if following not in came_from:
                    came_from[following] = node
                    waiting.append(following)
        return None

    def descendants(self, root: N) -> set[N]:
        """Return all that follows ``root``, near or far, without itself."""
        found: set[N] = set()
        waiting = [root]
        while waiting:
            fresh = self._after.get(waiting.pop(), set()) - found - {root}
            found |= fresh
            waiting.extend(fresh)
        return found

    def connected(self, node: N) -> "Graph[N]":
        """Return the part of the graph that hangs together with ``node``, in either direction."""
        found, waiting = {node}, [node]
        while waiting:
            at = waiting.pop()
            fresh = (self._after.get(at, set()) | self._before.get(at, set())) - found
            found |= fresh
            waiting.extend(fresh)
        return Graph((one, next_) for one in found for next_ in self._after.get(one, ()))

    def count(self) -> tuple[int, int]:
        """Return how many nodes with an edge there are, and how many edges."""
        nodes = self._after.keys() | self._before.keys()
        return len(nodes), sum(map(len, self._after.values()))

    def members(self, root: N) -> list[N]:
        """Return the descendants that one run of ``root`` opens, each after its upstreams.

        Those are all whose upstreams are ``root`` or members too. One that also waits for something
        else is a join of several runs, and what follows it belongs to the run of that join.
        """
        members = self.descendants(root)
        inside = members | {root}
        waiting = [node for node in members if not self._before[node] <= inside]
        while waiting:
            node = waiting.pop()
            if node in members:
                members.discard(node)
                inside.discard(node)
                waiting.extend(self._after.get(node, ()))
        return self.in_order(members)

    def in_order(self, nodes: set[N]) -> list[N]:
        """Return these nodes, each after those of its upstreams that are among them."""
        missing = {node: len(self._before[node] & nodes) for node in nodes}
        ready = deque(sorted(node for node, count in missing.items() if not count))
        ordered = []
        while ready:
            node = ready.popleft()
            ordered.append(node)
            for following in sorted(self._after.get(node, set()) & nodes):
                missing[following] -= 1
                if not missing[following]:
                    ready.append(following)
        return ordered


def _back(came_from: dict[N, N | None], node: N | None) -> Iterator[N]:
    while node is not None:
        yield node
        node = came_from[node]
