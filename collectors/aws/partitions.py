"""AWS's partitions. Apart from the clients: who reads a bundle needs none."""

HOME = {"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}  # where global services answer
