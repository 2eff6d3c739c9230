"""Each step of a procedure is one transaction: facts, a rule's judgement, the change, its trail."""
