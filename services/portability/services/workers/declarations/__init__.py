"""A worker tells of time that is on no record, with papers to show for it; it proves nothing by itself."""
