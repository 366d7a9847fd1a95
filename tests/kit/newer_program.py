"""This program, one version later: the same code with one more migration, beside which ours goes on or not.

``python -m tests.kit.newer_program KIND FOLDER COMMAND …`` is ``juki-gateway COMMAND …`` of that version; the
migration is kept in FOLDER. KIND is ``expand`` (a table and a column that ours does not know) or ``break`` (a
column that ours needs is gone).
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from gateway.cli import main
from gateway.store import schema

REVISION = "r9001"
_TEXT = """
import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = "{head}"
branch_labels = None
depends_on = None
{serves}

def upgrade():
    {upgrade}
"""
_EXPAND = """op.add_column("outbox", sa.Column("priority", sa.Integer))
    op.create_table("priorities", sa.Column("priority", sa.Integer, primary_key=True))
    op.execute("UPDATE outbox SET priority = 1")"""
_BREAK = """op.drop_column("guard_messages", "answer_fault")"""
_ours, _our_folders = schema.configuration, schema.folders


def become_newer(kind: str, folder: Path) -> None:
    """From here on this process is the newer program."""
    head = schema.program()
    expands = kind == "expand"
    text = _TEXT.format(
        revision=REVISION,
        head=head,
        serves=f'serves = "{head}"' if expands else "",
        upgrade=_EXPAND if expands else _BREAK,
    )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{REVISION}.py").write_text(text, encoding="ascii")

    def configuration(connection: Connection | None = None) -> Any:
        config = _ours(connection)
        here = Path(str(config.get_main_option("script_location"))) / "versions"
        config.set_main_option("version_locations", f"{here}:{folder}".replace("%", "%%"))
        return config

    schema.configuration = configuration
    schema.folders = lambda: [*_our_folders(), folder]


if __name__ == "__main__":
    become_newer(sys.argv[1], Path(sys.argv[2]))
    main(sys.argv[3:])
