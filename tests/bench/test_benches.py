"""Each bench runs on tiny loads and answers with the figures docs/performance.md explains."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path

import pytest

from bench.__main__ import BENCHES, main
from bench.drivers import KINDS

SIZES = ("1000", "100000", "1000000")
LIST_SIZES = ("1000", "10000", "100000")
FIGURES = {
    "decision": {
        *(f"quiet_{count}{part}" for count in SIZES for part in ("", "_hits", "_misses")),
        "growth_small_to_large",
        "replacing_100000",
    },
    "tap": {
        f"{state}_{how}"
        for state in ("quiet", "replacing")
        for how in ("alone", "together", "spend_first", "bare_wake")
    },
    "startup": {"bare", "ready_1000", "ready_100000", "times_bare", "growth_small_to_large"},
    "memory": {"ready", "after_taps", "growth_once_settled", "sync_at_most"},
    "log": {"spend_commit", "tap_until_durable", "burst_of_100_until_durable"},
    "list": {
        *(f"snapshot_{count}" for count in LIST_SIZES),
        "one_card_delta_1000",
        "one_card_delta_100000",
        "one_card_delta_growth",
        "one_card_delta_size",
        *(
            f"wire_{count}{part}"
            for count in LIST_SIZES
            for part in (
                "",
                "_msgpack_rows",
                "_msgpack_rows_zlib",
                "_times_least",
                "_ids_by_card_times_least",
            )
        ),
    },
    "tls": {
        "network_handshake_size",
        "network_resumed_size",
        "serial_handshake_size",
        "handshake_of_both_sides",
        "resumed_of_both_sides",
        "dial_until_first_answer",
        "resumed_until_first_answer",
        "register_made_anew",
        "one_gate_registered",
    },
    "push": {
        "revocation_at_its_gates",
        "revocation_at_1000_gates",
        "whole_lists_to_1000_gates",
        "hub_resident",
    },
    "serial": {
        "bulk_lost_percent",
        "bulk_in_tls_lost_percent",
        "bulk_lost_percent_usb",
        "bulk_lost_percent_noisy",
        "longest_unasked_s",
        "urgent_to_one_s",
        "urgent_to_the_same_s",
        "urgent_to_all_s",
        "word_from_a_quiet_gate_s",
    },
    "serial_session": {
        "list_lost_percent",
        "revoked_at_another_gate_s",
        "revoked_at_the_same_gate_s",
        "revoked_at_all_gates_s",
    },
    "drivers": {
        "wiegand_decode",
        "wiegand_cards_lost",
        *(
            f"wiegand_noise_{kind}_accepted{part}"
            for kind in ("random", "paced_as_a_card")
            for part in ("", "_against_a_check")
        ),
        *(f"{kind}_{what}" for kind in KINDS for what in ("event", "taps_lost", "growth_over_taps")),
        *(f"{kind}_held_after_taps" for kind in KINDS),
        *(
            f"{kind}_{what}"
            for kind, load in KINDS.items()
            if load.replugs
            for what in (
                "recovery",
                "recovery_after_longer",
                "taps_lost_after_recovery",
                "growth_over_replugs",
                "held_after_replugs",
            )
        ),
        "bare_wake",
        "osdp_tap_until_event",
        "idle_cpu",
        "idle_readers",
    },
    "desk": {
        "page_p95",
        "find_p95",
        "lost_report_handed_to_the_hub_p95",
        "statistics_p95",
        "import_dry_run",
        "import_of_the_cards",
        "import_of_everything",
        "import_resident",
        "cards",
        "persons",
        "database_on_disk",
    },
    "hub": {
        "store_500_usage_events",
        "fresh_snapshot_processor_time",
        "fresh_snapshot_until_durable",
        "fresh_snapshot_equal_lists",
        "revocation_entered",
        "revocation_signed_for_one_gate",
        "revocation_signed_for_1000_gates",
        "delta_size",
        "hub_resident",
        "store_on_disk_per_gate",
    },
    "events": {
        "search_newest",
        "search_time",
        "search_gate",
        "search_gate_time_refused",
        "search_gate_never_seen",
        "search_door_unreadable",
        "search_alarms",
        "search_card",
        "search_unit_of_6_cards",
        "search_unknown_chip",
        "page_of_events",
        "page_of_all_gates",
        "project_500_events_with_alarms",
        "round_with_nothing_to_do",
        "events_on_disk",
    },
}
COUNTED_ON_THE_DISK = {
    "single_tap_written",
    "single_tap_flushes",
    "single_tap_flushes_with_checkpoints",
    "burst_of_100_written_per_event",
    "burst_of_100_flushes",
}


def measured(name: str, directory: Path) -> dict[str, dict[str, float]]:
    answer = directory / "figures.json"
    assert main([name, "--quick", "--json", str(answer), "--directory", str(directory)]) == 0
    document = json.loads(answer.read_text("utf-8"))
    assert document["quick"] is True
    assert document["machine"]
    bench = document["benches"].pop(name)
    assert not document["benches"]
    assert bench["load"] >= 0
    assert 0 <= bench["stolen_percent"] <= 100
    return {one.pop("name"): one for one in bench["figures"]}


def test_every_bench_has_its_figures_listed_here() -> None:
    assert FIGURES.keys() == BENCHES.keys()


@pytest.mark.parametrize("name", BENCHES)
def test_a_bench_gives_its_documented_figures(name: str, tmp_path: Path) -> None:
    figures = measured(name, tmp_path)
    each = {one for one in figures if name == "desk" and one.startswith(("page ", "find "))}
    assert len(each) > 40 or name != "desk", "of each kind of page and of words, besides all together"
    assert figures.keys() - COUNTED_ON_THE_DISK - each == FIGURES[name]
    for one in figures.values():
        assert math.isfinite(one["value"])
        assert one["n"] >= 1
    assert [path.name for path in tmp_path.iterdir()] == ["figures.json"], "a bench leaves nothing behind"


@pytest.mark.real_part("loop device")
def test_writes_are_counted_where_they_arrive(tmp_path: Path) -> None:
    if os.geteuid() != 0 or not Path("/dev/loop-control").exists():
        pytest.skip("needs root and loop devices")
    figures = measured("log", tmp_path)
    assert figures.keys() == FIGURES["log"] | COUNTED_ON_THE_DISK
    # A record, its frame header and the chain's link cannot be less; nor can durability without a flush.
    assert figures["single_tap_written"]["value"] > 512
    assert figures["single_tap_flushes"]["value"] >= 1


def test_an_unknown_bench_is_refused_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["taps"])
    assert "no such bench: taps" in capsys.readouterr().err
