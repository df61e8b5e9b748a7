"""What `netmon flows` needs to ask and to show: the questions themselves are in exporters/flowstore."""
