"""How each library is put to the cases: one file each."""
