"""SNMP: from the bytes of BER to tables of readings, without one object for each number."""
