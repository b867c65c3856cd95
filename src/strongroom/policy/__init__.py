"""Who may do what with which data: Cedar, default deny, with a reason for every answer."""

from strongroom.policy.engine import Policy
from strongroom.policy.file import PolicyFile
from strongroom.policy.question import Decision, Question

__all__ = ["Decision", "Policy", "PolicyFile", "Question"]
