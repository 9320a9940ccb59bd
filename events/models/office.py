"""Whose installation this is, as its people entered it."""

from sqlalchemy.orm import Mapped, mapped_column

from events.database.sessions import Base, PrimaryKey


class Office(Base):
    """The one row of what an installation is called and whom it serves.

    What is None is as the catalogue and the configuration say.
    """

    __tablename__ = "office"

    id: Mapped[PrimaryKey]
    province: Mapped[str | None]  # its code in the national list
    name: Mapped[str | None]  # of the installation
    committee: Mapped[str | None]
    sender: Mapped[str | None]  # the address that mails come from
    # the name of the place where this database is at home; another name outside: this is a copy
    instance: Mapped[str | None]
    # the first run is over: the questions were answered
    is_set_up: Mapped[bool] = mapped_column(default=False)
    # whether announced days off closed offices when dates were last counted (None: nobody noted it)
    counts_announced: Mapped[bool | None]
