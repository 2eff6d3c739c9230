"""Imports as a whole: what is written, what is listed, what the gates are to have."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from office.casework.trail import broken_links
from office.exchange.writing import CHUNK
from office.hub.clerk_steps import card_report
from office.lists.store import hub_store
from office.lists.wanted import publish_settings
from office.registry.models import (
    AuditEntry,
    Chip,
    Door,
    EstateRules,
    GateGrant,
    GateSite,
    Holiday,
    ImportBatch,
    Issue,
    IssueState,
    LossCase,
    Membership,
    Person,
    Place,
    PlaceKind,
    Schedule,
    StaffRole,
    Vehicle,
)
from tests.support.import_files import CARDS, PERSONS, PLACES, Import, csv_file, workbook
from tests.support.office_estate import NORTH, NOW, SOUTH

EXAMPLE = Path(__file__).parents[3] / "docs" / "examples" / "estate.toml"


def test_legacy_cards_are_active_with_their_batch_and_on_the_lists_of_their_gates(import_: Import) -> None:
    files = import_.files()
    assert import_.check(*files).refused == 0
    assert Issue.objects.count() == 0, "a dry run writes nothing"
    import_.run(*files)
    first, second = Issue.objects.order_by("pk")
    assert {(one.state, one.origin, one.batch) for one in (first, second)} == {("active", "legacy", "autumn")}
    assert first.unit is not None
    assert (first.unit.full_name, first.unit.path.count(".")) == ("2栋 1单元 201", 4)
    assert first.holder is not None
    assert first.holder.name == "王一"
    assert (first.relation_id, second.relation_id) == ("self", None)
    # The north gate serves the estate, the south one another entrance.
    wanted = [(one.confirmation.gate_id, one.ended) for one in card_report(hub_store(), issue_id=first.pk)]
    assert wanted == [(NORTH, None)]
    assert [one.state for one in first.steps.all()] == [IssueState.SIGNED, IssueState.ACTIVE]
    assert not list(broken_links())
    assert AuditEntry.objects.filter(action="cards taken over").get().facts["rows"] == 2
    batch = ImportBatch.objects.get()
    assert (batch.counts["cards"], batch.finished_at is not None) == (2, True)


def test_13_6_13_2_missing_signatures_and_relations_are_listed_and_not_refused(import_: Import) -> None:
    import_.check(*import_.files())
    assert import_.codes() == {("no_signature", 3, "signed_on"), ("no_relation", 3, "relation")}
    assert not any(one.refused for one in import_.problems)


def test_13_4_2_an_exceeded_quota_is_listed_with_the_unit_and_not_refused(import_: Import) -> None:
    persons = [*PERSONS, *((f"Q{n}", f"张{n}", "", "2栋 1单元 201", "住户", "") for n in range(5))]
    cards = [*CARDS, *((f"04C0000{n}", "", f"Q{n}", "2栋 1单元 201", "朋友", "2020-01-01") for n in range(4))]
    tally = import_.check(*import_.files(persons=persons, cards=cards))
    assert tally.refused == 0
    (found,) = (one for one in import_.problems if one.code == "quota_exceeded")
    assert found.facts == {"cards": 5, "limit": 4, "rule": "13.4.2.1"}
    assert found.row == 7


def test_the_same_files_again_change_nothing(import_: Import) -> None:
    files = import_.files()
    import_.run(*files)
    counts = [model.objects.count() for model in (Place, Person, Membership, Chip, Issue, GateGrant)]
    outbox = hub_store().wanted.changes_after(0)
    again = import_.run(*files)
    assert (again.already, again.by_kind["cards"]) == (2 + 2, 0)
    assert counts == [model.objects.count() for model in (Place, Person, Membership, Chip, Issue, GateGrant)]
    assert hub_store().wanted.changes_after(0) == outbox


def test_bad_rows_are_all_named_and_the_good_ones_are_imported(import_: Import) -> None:
    cards = [
        *CARDS,
        ("04B00001", "", "P2", "2栋 1单元 202", "本人", "2021-05-01"),
        ("xyz", "", "P1", "2栋 1单元 201", "本人", "2021-05-01"),
        ("04B00005", "金卡", "P9", "9栋", "本人", "2021-13-01"),
        ("", "", "P1", "2栋 1单元 201", "本人", "2021-05-01"),
        ("=HYPERLINK(1)", "", "P1", "2栋 1单元 201", "本人", "2021-05-01"),
        ("04B00006", "", "P1", "2栋 1单元 201", "\u202e本人", "2021-05-01"),
        ("04B0000700" * 20, "", "P1", "2栋 1单元 201", "本人", "2021-05-01"),
        ("04B00008", "车辆卡", "P1", "2栋 1单元 201", "", "2021-05-01"),
    ]
    files = import_.files(cards=cards)
    tally = import_.check(*files)
    assert import_.codes() >= {
        ("chip_twice", 4, "chip"),
        ("not_hexadecimal", 5, "chip"),
        ("not_a_choice", 6, "kind"),
        ("no_such_person", 6, "person"),
        ("no_such_place", 6, "place"),
        ("not_a_day", 6, "signed_on"),
        ("missing", 7, "chip"),
        ("formula", 8, "chip"),
        ("control_characters", 9, "relation"),
        ("too_long", 10, "chip"),
        ("missing", 11, "plate"),
    }
    assert tally.refused == 8
    assert all(one.rule() and one.cure() for one in import_.problems)
    import_.run(*files)
    assert Issue.objects.count() == 2


def test_a_spreadsheet_with_one_bad_row_in_ten(import_: Import) -> None:
    head, (_, kind, person, place, _, signed) = CARDS[0], CARDS[1]
    bad = ("xyz", "", "=1+1")
    chips = [bad[one // 10 % 3] if one % 10 == 9 else f"04C{one:05X}" for one in range(100)]
    rows = [(chip, kind, person, place, "朋友", signed) for chip in chips]
    files = import_.files(cards=[head, *rows])
    before = (Issue.objects.count(), Chip.objects.count(), AuditEntry.objects.count())
    tally = import_.check(*files)
    assert (Issue.objects.count(), Chip.objects.count(), AuditEntry.objects.count()) == before, "a dry run"
    assert tally.refused == 10
    refused = [one for one in import_.problems if one.refused]
    assert [one.row for one in refused] == [number + 2 for number in range(9, 100, 10)]
    assert {one.field for one in refused} == {"chip"}
    assert import_.run(*files).refused == 10
    assert Issue.objects.count() == before[0] + 90


def test_a_chip_of_a_running_card_is_refused(import_: Import) -> None:
    clerk = import_.estate.staff(StaffRole.CLERK)
    issued = import_.estate.issue_card(clerk)
    assert issued.chip is not None
    cards = [CARDS[0], (issued.chip.number, "", "P1", "2栋 1单元 201", "本人", "2021-05-01")]
    import_.check(*import_.files(cards=cards))
    assert import_.codes() == {("chip_in_use", 2, "chip")}


def test_chips_that_a_reader_takes_for_one_another_are_refused(import_: Import) -> None:
    GateSite.objects.filter(pk=NORTH).update(readers=[{"id": 1, "low_bits": 24}])
    publish_settings(GateSite.objects.all(), NOW)
    cards = [
        CARDS[0],
        ("AAB00001", "", "P1", "2栋 1单元 201", "本人", "2021-05-01"),
        ("BBB00001", "", "P2", "2栋 1单元 202", "本人", "2021-05-01"),
    ]
    import_.check(*import_.files(cards=cards))
    assert import_.codes() == {("chips_alike", 3, "chip")}


def test_lost_and_withdrawn_cards_are_taken_over_as_what_they_are(import_: Import) -> None:
    head = (*CARDS[0], "状态")
    cards = [
        head,
        ("04B00001", "", "P1", "2栋 1单元 201", "本人", "2021-05-01", "挂失"),
        ("04B00002", "", "P2", "2栋 1单元 202", "本人", "2021-05-01", "注销"),
    ]
    files = import_.files(cards=cards)
    import_.check(*files)
    assert import_.codes() == {("no_clerk", 2, "state")}
    user = import_.estate.staff(StaffRole.CLERK).user
    assert import_.check(*files, user=user).refused == 0
    import_.run(*files, user=user)
    lost, withdrawn = Issue.objects.order_by("pk")
    assert (lost.state, withdrawn.state) == (IssueState.LOST, IssueState.WITHDRAWN)
    assert LossCase.objects.get().issue == lost
    assert GateGrant.objects.count() == 0
    assert import_.run(*files, user=user).already == 2 + 2


def test_vehicle_cards_bring_their_vehicles(import_: Import) -> None:
    head = ("卡号", "卡种", "编号", "车牌", "停车到期", "房产", "签收日期", "失效日期")
    cards = [
        head,
        ("04B00001", "车辆卡", "P1", "测A00001", "2027-01-01", "2栋 1单元 201", "2021-05-01", "2026-12-31"),
        ("04B00002", "车辆卡", "P2", "测A00001", "2027-01-01", "2栋 1单元 202", "2021-05-01", ""),
    ]
    files = import_.files(cards=cards)
    import_.check(*files)
    assert import_.codes() == {("plate_elsewhere", 3, "plate")}
    import_.run(*files)
    vehicle = Vehicle.objects.get()
    issue = vehicle.issues.get()
    assert issue.valid_until is not None
    assert issue.valid_until.isoformat() == "2026-12-31T16:00:00+00:00", "24:00 in the estate's time zone"
    assert [one.gate_id for one in issue.grants.all()] == [NORTH]


def test_one_workbook_holds_all_tables_and_hidden_sheets_are_passed_over(
    import_: Import, tmp_path: Path
) -> None:
    path = workbook(tmp_path / "all.xlsx", cards=CARDS, persons=PERSONS, places=PLACES, notes=[("x",)])
    book = load_workbook(path)
    book["notes"].sheet_state = "hidden"
    book.save(path)
    tally = import_.check(path)
    assert (tally.refused, {one.code.value for one in import_.problems}) == (
        0,
        {"no_signature", "no_relation"},
    )
    import_.run(path)
    assert Issue.objects.count() == 2


def test_an_estate_file_becomes_gates_doors_and_rules(import_: Import, tmp_path: Path) -> None:
    text = EXAMPLE.read_text("utf-8").replace("0f1e2d3c4b5a6978", "6761746568303031")
    text = text.replace('name = "east"\nid = 1', 'name = "east"\nid = 7').replace(
        'name = "barrier"', 'name = "east barrier"'
    )
    text = text[: text.index("[[card]]")]
    text += '\n[[policy]]\nkind = "visitor"\nmax_list_age_s = 3600\nopens_without_clock = false\n'
    text += '\n[[outage]]\nstart = 2027-01-01T08:00:00\nend = 2027-01-01T10:00:00\nutility = "power"\n'
    estate = tmp_path / "estate.toml"
    estate.write_text(text, encoding="utf-8")
    doors = csv_file(
        tmp_path / "doors.csv", [("door", "place", "for_vehicles"), ("pedestrian", "2栋 1单元", "no")]
    )
    files = [*import_.files(), estate, doors]
    import_.check(*files)
    assert {("whole_estate", 0, "door"), ("outages_left_out", 0, "outage")} <= import_.codes()
    import_.run(*files)
    site = GateSite.objects.get(pk=7)
    assert site.place.kind == PlaceKind.ESTATE
    pedestrian, barrier = Door.objects.filter(gate=site).order_by("pk")
    assert pedestrian.serves is not None
    assert barrier.serves is not None
    assert (pedestrian.serves.full_name, barrier.serves.kind) == ("2栋 1单元", PlaceKind.ESTATE)
    assert pedestrian.policy == {"companion_within_s": 60}
    assert (Schedule.objects.count(), Holiday.objects.count()) == (2, 2)
    assert EstateRules.objects.get().policies[0]["kind"] == "visitor"
    assert hub_store().wanted.content(7).settings()
    first = Issue.objects.order_by("pk")[0]
    assert {one.gate_id for one in first.grants.all()} == {NORTH, 7}


def test_doors_that_serve_another_place_take_the_cards_along(import_: Import, tmp_path: Path) -> None:
    import_.run(*import_.files())
    first = Issue.objects.order_by("pk")[0]
    assert {one.gate_id for one in first.grants.all()} == {NORTH}
    doors = csv_file(tmp_path / "doors.csv", [("门", "服务范围"), ("south door", "2栋 1单元")])
    import_.run(doors)
    assert {one.gate_id for one in first.grants.all()} == {NORTH, SOUTH}


def test_a_file_of_another_estate_is_told_and_the_others_are_judged(import_: Import) -> None:
    tally = import_.check(EXAMPLE, *import_.files())
    (found,) = (one for one in import_.problems if one.refused)
    assert "is of estate 0f1e2d3c4b5a6978" in found.rule()
    assert tally.read == 6


def test_a_chunk_of_cards_costs_the_same_queries_as_one(import_: Import) -> None:
    def cards(start: int, count: int) -> list[tuple[str, ...]]:
        rows = [(f"05{start + n:06X}", "", "P1", "2栋 1单元 201", "本人", "2021-05-01") for n in range(count)]
        return [CARDS[0], *rows]

    def queries(start: int, count: int) -> int:
        files = import_.files(cards=cards(start, count))
        with CaptureQueriesContext(
            connection,
        ) as caught:
            import_.run(*files, batch=f"b{start}")
        return len(caught)

    import_.run(*import_.files())
    few, many = queries(1, 2), queries(100, 90)
    assert many <= few + 2, "bulk inserts are split, nothing else grows"
    assert CHUNK >= 500


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_files_as_spreadsheet_programs_here_save_them(
    import_: Import, tmp_path: Path, encoding: str, delimiter: str
) -> None:
    path = csv_file(tmp_path / "places.csv", PLACES, encoding, delimiter)
    assert import_.check(path).taken == 2
    assert not import_.problems
