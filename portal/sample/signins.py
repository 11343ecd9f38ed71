"""Who signs in to the sample: one person for each kind of user. Sample only; the password is public."""

from __future__ import annotations

from dataclasses import dataclass

from portal.sample.tables import table

PASSWORD = "kyoso-no-ba-2026"  # noqa: S105  # of the sample alone, printed in the README


@dataclass(frozen=True)
class SignIn:
    """A post of the sample whose holder signs in, and for which kind of user it stands."""

    post: str
    person: str
    kind: str
    email: str


SIGN_INS = (
    SignIn("A01", "H02", "自治体職員（事務局）", "kikaku@shionagi.example.jp"),
    SignIn("A02", "H04", "自治体職員（自治体確認者）", "kikaku-kacho@shionagi.example.jp"),
    SignIn("A03", "H05", "自治体職員（所管課）", "sangyo@shionagi.example.jp"),
    SignIn("A06", "H07", "大学URA（事務局・大学確認者）", "ura@shionagi-u.example.jp"),
    SignIn("A07", "H08", "大学職員（機関管理者・報告者）", "sangaku@shionagi-u.example.jp"),
    SignIn("A11", "H12", "企業（P1 の報告者）", "kaihatsu@shioji.example.jp"),
    SignIn("A12", "H13", "企業（P5 の報告者）", "info@misaki.example.jp"),
    SignIn("A13", "H14", "大学発ベンチャー（P2 の報告者）", "info@mimamori.example.jp"),
    SignIn("A14", "H15", "金融機関", "chiiki@shionagi-shinkin.example.jp"),
    SignIn("A15", "H16", "コーディネーター", "co@shien.example.jp"),
    SignIn("A17", "H19", "オブザーバー（県）", "sangyo@kakuken.example.jp"),
    SignIn("A18", "H20", "システム管理者", "joho@shionagi.example.jp"),
)
SYSTEM_ADMINISTRATOR = "A18"


def holders() -> dict[str, str]:
    """{person: name} of the sample's people."""
    return {row["id"]: row["name"] for row in table("people")}
