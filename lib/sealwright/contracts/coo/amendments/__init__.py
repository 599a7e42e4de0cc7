"""What the amendment engine is made of: files, anchors in Markdown, drafts and patches."""
