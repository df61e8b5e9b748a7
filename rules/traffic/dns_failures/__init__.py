"""What names that do not exist tell: floods of such questions, and programs that look for their master's domain."""
