"""Who acts for a worker, or sits beside her: dated, limited to what she allows, ended when she says so."""
