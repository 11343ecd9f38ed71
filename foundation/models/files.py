"""Uploaded and produced files: what is known of each; the bytes lie under FILES_ROOT."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from foundation.models.base import PublicModel


class StoredFile(PublicModel):
    """One file that somebody gave, or that the portal made (添付ファイル). Whoever links to it decides who may read it.

    Several rows may share the same bytes. `storage_name` is derived from the content with a secret, so that nobody
    who knows a document can ask whether it is here.
    """

    original_name = models.CharField(_("ファイル名"), max_length=255)
    sha256 = models.CharField(_("ハッシュ値（SHA-256）"), max_length=64, db_index=True)
    size = models.PositiveBigIntegerField(_("大きさ（バイト）"))
    content_type = models.CharField(_("種類"), max_length=100)
    storage_name = models.CharField(_("保存名"), max_length=64)
    uploaded_by_id = models.BigIntegerField(_("登録した利用者"), null=True)

    class Meta:
        verbose_name = _("ファイル")
        verbose_name_plural = _("ファイル")

    def __str__(self) -> str:
        return self.original_name

    @property
    def is_picture(self) -> bool:
        """Whether a page may show it as a picture (`?inline=1`)."""
        return self.content_type in ("image/png", "image/jpeg", "image/webp")


class Attachment(PublicModel):
    """A file or a link that somebody attached to something, with where in it to look."""

    title = models.CharField(_("資料名"), max_length=300)
    url = models.URLField(_("リンク"), blank=True, max_length=1000)
    page = models.CharField(_("ページ"), max_length=100, blank=True)
    file = models.ForeignKey(
        StoredFile, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("ファイル")
    )

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.title
