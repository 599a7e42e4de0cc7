"""What a mission may do: the rules that its operations are held to."""
