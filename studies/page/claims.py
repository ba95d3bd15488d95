"""Claims as JSON takes them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from spinspike.simulators import Claim


def claim_summary(claim: Claim) -> dict[str, Any]:
    """A claim with its verdict, as JSON takes it."""
    return {
        **asdict(claim),
        "interval": claim.interval and list(claim.interval),
        "exceptions": list(claim.exceptions),
        "verdict": claim.verdict,
        "would_decide": claim.would_decide,
    }
