"""Whether an output folder still is what its ledger says, and every row what it promises."""

from manifests.verify.folder import Verified, verify_run
from manifests.verify.shard import Violation

__all__ = ["Verified", "Violation", "verify_run"]
