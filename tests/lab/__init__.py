"""The whole thing, against the lab's real services. These tests share one running lab and reset it before each story."""
