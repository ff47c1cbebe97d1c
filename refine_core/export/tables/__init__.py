"""The attempts of runs as a table.

attempts      its rows and columns        csv_table, parquet_table      the table as a file
"""
