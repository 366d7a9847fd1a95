"""Answers files of inquiries (情報参照ファイル) in a process of its own, beside those of the counters."""

from gateway.inquirer.process import inquirer

__all__ = ["inquirer"]
