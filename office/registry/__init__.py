"""What the office has on record: places, people, cards, money, cases, alarms, the audit trail."""
