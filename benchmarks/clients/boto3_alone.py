"""What boto3 takes before anything is done with it: a process that imports it and makes a client."""

import boto3

boto3.client("s3", region_name="us-east-1")
