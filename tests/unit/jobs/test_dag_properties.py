"""The graph of dependencies beside a model that is too slow to be wrong."""

from itertools import pairwise
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from jobs.dag import Graph

Edges = set[tuple[int, int]]
NODES = range(8)
EDGES = st.sets(st.tuples(st.sampled_from(NODES), st.sampled_from(NODES)), max_size=20)
ACYCLIC = EDGES.map(lambda edges: {(min(edge), max(edge)) for edge in edges if len({*edge}) == 2})


def reached(edges: Edges, start: int) -> set[int]:
    """All nodes that one or more edges lead to."""
    found: set[int] = set()
    for _ in NODES:
        found |= {after for before, after in edges if before in found | {start}}
    return found


def belongs(edges: Edges, root: int, node: int) -> bool:
    """Whether a run of ``root`` opens ``node``, straight from what is said of it."""
    upstreams = {before for before, after in edges if after == node}
    return bool(upstreams) and all(
        upstream == root or belongs(edges, root, upstream) for upstream in upstreams
    )


@given(EDGES, st.sampled_from(NODES), st.sampled_from(NODES))
def test_a_path_is_one_and_there_is_one_whenever_it_can_be_reached(
    edges: Edges, start: int, end: int
) -> None:
    path = Graph(edges).path(start, end)
    assert (path is not None) == (end in reached(edges, start) | {start})
    if path is not None:
        assert (path[0], path[-1]) == (start, end)
        assert len(set(path)) == len(path)
        assert set(pairwise(path)) <= edges


@given(ACYCLIC, st.sampled_from(NODES), st.sampled_from(NODES))
def test_an_edge_closes_a_cycle_just_when_there_is_a_path_back(
    edges: Edges, upstream: int, job: int
) -> None:
    added = edges | {(upstream, job)}
    is_cyclic = any(node in reached(added, node) for node in NODES)
    assert (Graph(edges).path(job, upstream) is not None) == is_cyclic


@given(EDGES, st.sampled_from(NODES))
def test_descendants_are_all_that_can_be_reached(edges: Edges, root: int) -> None:
    assert Graph(edges).descendants(root) == reached(edges, root) - {root}


@given(EDGES, st.sampled_from(NODES))
def test_what_hangs_together_can_be_reached_by_edges_in_both_directions(
    edges: Edges, node: int
) -> None:
    both = edges | {(after, before) for before, after in edges}
    near = {edge for edge in edges if edge[0] in reached(both, node)}
    part = Graph(edges).connected(node)
    assert part.count() == (len({one for edge in near for one in edge}), len(near))
    assert {(one, two) for two in NODES for one in part.upstreams(two)} == near


@given(ACYCLIC, st.sampled_from(NODES))
def test_a_run_opens_just_what_hangs_on_its_root_alone(edges: Edges, root: int) -> None:
    opened = Graph(edges).members(root)
    assert set(opened) == {node for node in NODES if belongs(edges, root, node)}
    assert len(set(opened)) == len(opened)
    for before, after in edges:
        if before in opened and after in opened:
            assert opened.index(before) < opened.index(after)


@given(EDGES, st.sampled_from(NODES))
def test_even_a_graph_with_cycles_opens_only_what_its_upstreams_allow(
    edges: Edges, root: int
) -> None:
    opened = Graph(edges).members(root)
    for node in opened:
        earlier = {root, *opened[: opened.index(node)]}
        assert {before for before, after in edges if after == node} <= earlier


@given(ACYCLIC, st.sampled_from(NODES), st.randoms())
def test_the_order_of_the_edges_makes_no_difference(
    edges: Edges, root: int, chance: Random
) -> None:
    shuffled = sorted(edges)
    chance.shuffle(shuffled)
    assert Graph(shuffled).members(root) == Graph(sorted(edges)).members(root)
