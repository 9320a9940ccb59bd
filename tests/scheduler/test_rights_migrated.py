"""Who may do what, in a database of before."""

from alembic import command
from sqlalchemy import MetaData, insert, select
from sqlalchemy.orm import Session

from events.models import Duty, Person, Role
from scheduler import migrate


def test_roles_of_offices_steer_others_work_and_who_administered_does_so_still(blank_engine):
    with blank_engine.begin() as connection:
        command.upgrade(migrate._config(connection), "0018")
        tables = MetaData()
        tables.reflect(connection)
        role = {"title_vi": "x", "title_en": "x", "position": 0, "issues_papers": False}
        keys = ("bcd_tinh", "phong_vhxh_xa", "ban_tc_lop", "own_vai")
        connection.execute(
            insert(tables.tables["role"]), [role | {"key": f"{key}"} for key in keys]
        )
        person = {"language": "vi", "is_demo": False, "search": "x", "full_name": "x"}
        connection.execute(
            insert(tables.tables["person"]),
            [person | {"id": 100 + n, "uid": f"p{n}", "email": f"{n}@example.org"} for n in (1, 2)],
        )
        account = {"active": True, "password": None}
        connection.execute(
            insert(tables.tables["account"]),
            [
                account
                | {"id": n, "person_id": 100 + n, "email": f"{n}@x", "fs_uniquifier": f"{n}"}
                for n in (1, 2)
            ],
        )
        connection.execute(
            insert(tables.tables["account_role"]), [{"id": 1, "name": "administrator"}]
        )
        connection.execute(
            insert(tables.tables["account_role_link"]), [{"account_id": 2, "role_id": 1}]
        )

    migrate.upgrade(blank_engine)

    with Session(blank_engine) as session:
        duties = {key: session.get_one(Role, key).duty for key in keys}
        assert duties == {
            "bcd_tinh": Duty.OFFICER,
            "phong_vhxh_xa": Duty.OFFICER,
            "ban_tc_lop": Duty.ORGANISER,
            "own_vai": Duty.ORGANISER,
        }
        people = select(Person.id).where(Person.is_administrator)
        assert session.scalars(people).all() == [102]
