"""Diagnosis: why a message does not verify, found by trying what senders do wrong.

For people, never for deciding anything: a message that a trial explains stays refused.
"""

from gateway.diagnosis.causes import CAUSES, Cause
from gateway.diagnosis.diagnosis import Diagnosis, diagnose
from gateway.diagnosis.finding import Finding

__all__ = ["CAUSES", "Cause", "Diagnosis", "Finding", "diagnose"]
