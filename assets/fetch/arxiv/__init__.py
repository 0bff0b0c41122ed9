"""arXiv, three ways behind one interface: the announcement of the day, the harvest, and questions by id."""
