"""How predictable the event is: baseline ladder, learning curve, nearest twins; all estimates."""
