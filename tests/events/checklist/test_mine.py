from datetime import date, timedelta

from events.checklist.history import Stamp
from events.checklist.mine import work_of
from events.checklist.states import complete_item
from events.models import CampaignStatus, Post
from events.people.posts import give_post
from tests.events.conftest import TODAY

A_DAY = timedelta(days=1)


def of_role(campaign, role):
    found = [item for item in campaign.items if item.role_key == role]
    return sorted(found, key=lambda item: (item.due, item.id))


def test_mine_is_what_is_open_of_my_posts_by_due_date(session, cast, happiness, who):
    mine = of_role(happiness, "ubnd_xa")
    mine[0].without_evidence = True
    complete_item(session, mine[0].id, Stamp(**who))

    work = work_of(session, cast.thi, TODAY, limit=100)

    assert (list(work.items), work.total) == (mine[1:], len(mine) - 1)
    assert list(work.units) == [cast.commune]


def test_mine_comes_page_by_page_out_of_all(session, cast, happiness):
    give_post(session, cast.thi, cast.commune, "cc_vhxh", since=date(2020, 1, 1))
    session.flush()
    whole = work_of(session, cast.thi, TODAY, limit=100)

    first, second = (work_of(session, cast.thi, TODAY, limit=2, offset=offset) for offset in (0, 2))

    assert [*first.items, *second.items] == list(whole.items)[:4]
    assert first.total == second.total == whole.total == len(whole.items)


def test_nothing_is_mine_before_my_post_begins_and_after_it_ends(session, cast, happiness):
    period = {"valid_from": TODAY, "valid_to": TODAY}
    session.add(Post(person=cast.la, unit=cast.commune, role_key="ubnd_xa", **period))
    session.flush()
    work = {day: work_of(session, cast.la, day, limit=100) for day in (TODAY - A_DAY, TODAY)}
    work[TODAY + A_DAY] = work_of(session, cast.la, TODAY + A_DAY, limit=100)

    assert [one.total > 0 for one in work.values()] == [False, True, False]
    assert [len(one.units) for one in work.values()] == [0, 1, 0]


def test_nothing_is_mine_in_a_cancelled_campaign(session, cast, happiness):
    happiness.round.status = CampaignStatus.CANCELLED
    session.flush()

    assert work_of(session, cast.thi, TODAY, limit=100).total == 0


def test_mine_costs_as_many_queries_however_much_it_is(session, cast, happiness, count_queries):
    def names(person):
        return [
            (item.campaign.unit.full_name, item.role.title_vi)
            for item in work_of(session, person, TODAY, limit=100).items
        ]

    session.expire_all()
    session.refresh(cast.la)
    none = count_queries(lambda: names(cast.la))
    for role in ("ubnd_xa", "cc_vhxh", "hoi_lhpn"):
        give_post(session, cast.la, cast.commune, role)
    session.flush()
    session.expire_all()
    session.refresh(cast.la)

    assert count_queries(lambda: names(cast.la)) == none
    assert len(names(cast.la)) > 5
