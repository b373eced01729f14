"""What the product tells of its own work: metrics, traces, and the number that ties log lines together.

Knows HTTP, Celery and names of metrics; nothing of the chat.
"""
