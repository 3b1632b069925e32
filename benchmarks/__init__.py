"""What is fast is shown here, beside what one would use instead."""
