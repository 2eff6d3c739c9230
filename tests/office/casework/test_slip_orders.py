"""Who may have goods leave: people of the unit, and of a move only with what the move needs."""

from __future__ import annotations

from uuid import uuid4

import pytest

from office.casework.actor import Actor
from office.casework.merchants import register_merchant
from office.casework.moves import Notice, notice_move, record_consent, record_goods_check
from office.procedures.errors import Refused, RuleError
from office.registry.models import Merchant, Person, ReleaseSlip, SignatureKind, UnitUse
from tests.office.casework.moving import TODAY, days, move_in, new_slip
from tests.support.office_estate import NOW, OfficeEstate


def test_15_2_only_who_belongs_to_the_unit_has_its_goods_leave(estate: OfficeEstate, clerk: Actor) -> None:
    neighbour = estate.add_person("neighbour", estate.add_unit("102", "80"))
    with pytest.raises(RuleError) as refused:
        new_slip(estate, clerk, requester=neighbour)
    assert (refused.value.rule, refused.value.refused) == ("15.2", Refused.NOT_OF_THE_UNIT)
    assert not ReleaseSlip.objects.exists()
    shop = estate.add_unit("S1", "40", UnitUse.COMMERCIAL)
    cook = Person.objects.create(name="cook", recorded_at=NOW)
    merchant = register_merchant(clerk, "Noodles", cook, shop, TODAY)
    assert new_slip(estate, clerk, unit=shop, requester=cook).requester == cook
    Merchant.objects.filter(pk=merchant.pk).update(left_on=TODAY)
    with pytest.raises(RuleError):
        new_slip(estate, clerk, unit=shop, requester=cook)


def test_15_3_a_slip_of_somebody_who_moves_away_belongs_to_the_move_though_nobody_said_so(
    estate: OfficeEstate, clerk: Actor
) -> None:
    tenancy, tenant = move_in(estate, clerk, days(300))
    move = notice_move(clerk, Notice(tenancy.unit, [tenant], days(5)), uuid4())
    with pytest.raises(RuleError) as refused:
        new_slip(estate, clerk, unit=tenancy.unit, requester=tenant)
    assert (refused.value.rule, refused.value.refused) == ("15.3", Refused.CONSENT_MISSING)
    record_consent(clerk, move.pk, tenancy.owner, SignatureKind.PAPER)
    record_goods_check(clerk, move.pk)
    assert new_slip(estate, clerk, unit=tenancy.unit, requester=tenant).move == move
