"""What officers write to many: written, looked at, tried out, sent and stopped."""
