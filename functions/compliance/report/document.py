"""The report of a run: one page, for people."""

import htpy as h

from compliance.report.audit import audit
from compliance.report.checked import checked
from compliance.report.content import Content
from compliance.report.page import render
from compliance.report.places import places
from compliance.report.rejects import rejects
from compliance.report.summary import failure, header, title, warnings
from compliance.report.times import times
from compliance.report.verdicts import verdicts


def document(content: Content) -> bytes:
    """The report as HTML in UTF-8; the same content always gives the same bytes."""
    return render(
        title(content.run),
        h.div(".page")[
            header(content),
            h.main[
                failure(content),
                warnings(content),
                verdicts(content),
                checked(content),
                rejects(content),
                times(content),
                places(content),
                audit(content),
            ],
        ],
    )
