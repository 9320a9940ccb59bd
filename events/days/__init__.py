"""When days come round and which of them offices work: pure rules, without storage or clock."""
