"""What every page is made of: blocks, tables, words and the page around them."""
