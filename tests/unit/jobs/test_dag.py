"""The graph of dependencies: paths, what follows, and what one run opens."""

from time import perf_counter

import pytest

from jobs.dag import Graph


def graph(*edges: str) -> Graph[str]:
    """Return the graph of edges such as "ab": a, then b."""
    return Graph((edge[0], edge[1]) for edge in edges)


DIAMOND = graph("ab", "ac", "bd", "cd")


def test_a_path_has_both_ends_and_is_the_shortest() -> None:
    assert graph("ab", "bc", "cd", "ad").path("a", "d") == ["a", "d"]
    assert graph("ab", "bc").path("a", "c") == ["a", "b", "c"]


def test_of_paths_of_one_length_it_is_the_first_by_name() -> None:
    assert DIAMOND.path("a", "d") == ["a", "b", "d"]


def test_a_node_is_its_own_path() -> None:
    assert graph("ab").path("a", "a") == ["a"]
    assert graph().path("x", "x") == ["x"]


@pytest.mark.parametrize(("start", "end"), [("b", "a"), ("c", "b"), ("a", "z"), ("z", "a")])
def test_no_path_runs_against_the_edges(start: str, end: str) -> None:
    assert DIAMOND.path(start, end) is None


def test_a_path_is_found_among_cycles() -> None:
    assert graph("ab", "ba", "bc", "cc").path("a", "c") == ["a", "b", "c"]
    assert graph("ab", "ba").path("a", "c") is None


def test_upstreams_are_the_nearest_only() -> None:
    assert DIAMOND.upstreams("d") == {"b", "c"}
    assert DIAMOND.upstreams("a") == DIAMOND.upstreams("z") == set()


def test_upstreams_are_a_copy() -> None:
    DIAMOND.upstreams("d").clear()
    assert DIAMOND.upstreams("d") == {"b", "c"}


def test_descendants_are_near_and_far_without_the_root() -> None:
    assert DIAMOND.descendants("a") == {"b", "c", "d"}
    assert DIAMOND.descendants("d") == DIAMOND.descendants("z") == set()
    assert graph("ab", "ba").descendants("a") == {"b"}


def test_what_hangs_together_does_so_in_either_direction() -> None:
    apart = graph("ab", "cb", "xy")
    assert apart.connected("a").count() == (3, 2)
    assert apart.connected("a").path("c", "b") == ["c", "b"]
    assert apart.connected("a").path("x", "y") is None
    assert apart.connected("y").count() == (2, 1)
    assert apart.connected("z").count() == (0, 0)


def test_a_doubled_edge_counts_once() -> None:
    assert graph("ab", "ab").count() == (2, 1)


def test_a_run_opens_a_diamond_each_after_its_upstreams() -> None:
    assert DIAMOND.members("a") == ["b", "c", "d"]
    assert DIAMOND.members("b") == []  # d waits for c too
    assert graph("ab", "bc", "ac").members("a") == ["b", "c"]


def test_a_job_of_two_roots_is_in_the_run_of_neither() -> None:
    join = graph("aj", "bj", "ax")
    assert join.members("a") == ["x"]
    assert join.members("b") == []


def test_what_follows_a_join_of_runs_is_in_none_of_them() -> None:
    join = graph("aj", "bj", "jk", "kl", "al")
    assert join.members("a") == []
    assert join.members("j") == ["k"]


def test_a_root_in_the_middle_opens_what_follows_it_alone() -> None:
    assert graph("ab", "bc", "cd").members("b") == ["c", "d"]


def test_nodes_of_a_cycle_are_opened_by_nobody() -> None:
    assert graph("ab", "bc", "cb", "cd").members("a") == []


def test_a_node_that_nobody_knows_has_no_run() -> None:
    assert DIAMOND.members("z") == []


def test_a_large_graph_is_read_in_a_moment() -> None:
    edges = {(0, node) for node in range(1, 1_000)}
    edges |= {(node, node + gap) for gap in range(1, 11) for node in range(1, 1_000 - gap)}
    begun = perf_counter()
    large = Graph(edges)
    assert large.members(0) == list(range(1, 1_000))
    assert large.path(1, 999) is not None
    assert large.path(999, 1) is None
    assert len(large.descendants(500)) == 499
    assert large.connected(999).count() == (1_000, len(edges))
    assert len(edges) > 10_000
    with_another_root = Graph([*edges, (-1, 1)])
    assert with_another_root.members(0) == []
    assert perf_counter() - begun < 1
