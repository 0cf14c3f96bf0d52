"""How predictable the event is: baseline ladder, learning curve, nearest neighbours; all
estimates."""
