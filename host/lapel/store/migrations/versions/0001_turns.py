"""Turns. A database from before there were migrations has them."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    if sa.inspect(op.get_bind()).has_table("turns"):
        return
    op.create_table(
        "turns",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("at_unix_s", sa.Float, nullable=False, index=True),
        sa.Column("pin", sa.String(32), nullable=False),
        sa.Column("utt", sa.Integer, nullable=False),
        sa.Column("question", sa.Text, nullable=False),
        sa.Column("answer", sa.Text, nullable=False),
        sa.Column("failure", sa.Text, nullable=False),
        sa.Column("frames", sa.JSON, nullable=False),
        sa.Column("timings_ms", sa.JSON, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("turns")
