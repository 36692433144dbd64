"""The stand-in AWS organization: a moto server plus what moto lacks.

Product code reaches it by boto3 with AWS_ENDPOINT_URL and does not know that it is not AWS.
Start it with ``python -m collectors.lab`` or ``collectors.lab.server.serve``; steer it with
``collectors.lab.client.LabClient``. Nothing is imported here, so that the client stays free of moto.
"""
