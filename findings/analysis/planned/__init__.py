"""A change that is only planned (Terraform plan, CloudFormation template), applied to an account before it is real."""
