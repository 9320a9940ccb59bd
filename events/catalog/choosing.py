"""Which province an installation serves: chosen at the first start, and again as long as nobody has
worked in it.

Until one is chosen, the units are those of the catalogue.
"""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import Table, delete, exists, or_, select, update
from sqlalchemy.orm import Session

from events.catalog.country import Province, find_province, with_units_of
from events.catalog.importing import import_catalog
from events.catalog.whole import Catalog
from events.database.sessions import Base
from events.errors import N_, ConflictError
from events.installation import day_here
from events.models import (
    Activity,
    AuditEntry,
    Change,
    Document,
    Evidence,
    Feed,
    FeedStamp,
    Person,
    Post,
    Reform,
    Round,
    TemplateItem,
    TemplateVersion,
    Unit,
)
from events.people.posts import give_post
from events.units.office import office_of, office_to_change
from events.units.tree import roots


def province_here(session: Session) -> Province | None:
    """Return the province that was chosen; None while the catalogue's own units are served."""
    code = office_of(session).province
    return find_province(code) if code else None


def catalog_here(session: Session, catalog: Catalog) -> Catalog:
    """Return the catalogue with the units of the province that was chosen."""
    province = province_here(session)
    return with_units_of(catalog, province) if province else catalog


def choose_province(
    session: Session, catalog: Catalog, province: Province, *, now: datetime
) -> bool:
    """Let the installation serve ``province``; return whether its units changed.

    The units of the one before go with all that was opened in them; whoever had a post at its top
    has it at the new one's. Choosing the same province again imports the catalogue and changes
    nothing else.

    Raises ``ConflictError`` when another one is served and somebody has worked in it.
    """
    units = with_units_of(catalog, province)
    is_other = not _serves(session, units)
    posts = _posts_at_the_top(session) if is_other else []
    if is_other:
        _require_unused(session, day_here(session, now))
        _forget_units(session)
    office_to_change(session).province = province.code
    import_catalog(session, units, now=now)
    _give_at_the_top(session, posts, day_here(session, now))
    session.flush()
    return is_other


def has_worked(session: Session, today: date) -> bool:
    """Tell whether people have entered anything that belongs to a unit: work, papers, activities,
    a change of units, a unit, or somebody below the top.
    """
    top = [unit.id for unit in roots(session, today)]
    worked = (
        exists().where(Change.by_id.is_not(None)),
        exists().where(Evidence.id.is_not(None)),
        exists().where(Document.id.is_not(None)),
        exists().where(Activity.id.is_not(None)),
        exists().where(Reform.id.is_not(None)),
        exists().where(Unit.catalog_base.is_(None)),
        exists().where(Post.unit_id.not_in(top)),
    )
    return bool(session.scalar(select(or_(*worked))))


def _serves(session: Session, catalog: Catalog) -> bool:
    """Tell whether the units are those of this catalogue, or there are none yet."""
    wanted = {unit.id for unit in catalog.units.unit if not unit.parent}
    present = set(session.scalars(select(Unit.key).where(Unit.parent_id.is_(None))))
    return not present or wanted <= present


def _require_unused(session: Session, today: date) -> None:
    if not has_worked(session, today):
        return
    raise ConflictError(
        N_(
            "People have entered work, posts or units in %(unit)s already; another province can "
            "only be chosen in an installation in which nobody has."
        ),
        unit=", ".join(unit.full_name for unit in roots(session, today)),
    )


def _posts_at_the_top(session: Session) -> list[tuple[Person, str]]:
    """Return who holds which role; before anybody has worked there are no other posts."""
    return [(post.person, post.role_key) for post in session.scalars(select(Post))]


def _give_at_the_top(session: Session, posts: Sequence[tuple[Person, str]], today: date) -> None:
    for person, role_key in posts:
        give_post(session, person, roots(session, today)[0], role_key, since=today)


def _forget_units(session: Session) -> None:
    """Delete the units and every row that leads to one, whichever table it stands in; the log
    stays, without the units.
    """
    session.flush()
    session.execute(update(AuditEntry).values(unit_id=None))
    leading = _tables_leading_to(Unit.metadata.tables[Unit.__tablename__])
    for table in reversed(Base.metadata.sorted_tables):
        if table in leading and table is not AuditEntry.__table__:
            session.execute(delete(table))
    session.execute(delete(Round))  # no unit is left that takes part
    session.execute(delete(FeedStamp))
    session.execute(delete(Feed))
    _forget_versions(session)
    session.expire_all()


def _forget_versions(session: Session) -> None:
    """Delete the shipped items of the templates that nobody edited: they name the kind of unit, and
    come again with the right words.
    """
    edited = select(TemplateVersion.template_id).where(TemplateVersion.digest == "")
    shipped = select(TemplateVersion.id).where(TemplateVersion.template_id.not_in(edited))
    session.execute(delete(TemplateItem).where(TemplateItem.version_id.in_(shipped)))
    session.execute(delete(TemplateVersion).where(TemplateVersion.template_id.not_in(edited)))


def _tables_leading_to(target: Table) -> set[Table]:
    """Return ``target`` and the tables that refer to it, directly or over others."""
    found = {target}
    while more := {
        table
        for table in Base.metadata.sorted_tables
        if table not in found and any(key.column.table in found for key in table.foreign_keys)
    }:
        found |= more
    return found
