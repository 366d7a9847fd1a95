"""The use cases, one file each: decisions on domain values, through ports. No XML, no SQL, no network."""
