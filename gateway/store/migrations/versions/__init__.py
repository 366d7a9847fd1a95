"""One module for each version of the tables, oldest first: r0001, r0002, …"""
