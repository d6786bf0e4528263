"""What Microsoft's client makes of a service: `read.py ADDRESS TOKEN CUSTOMER VERSION` prints it as JSON.

Runs in the environment of requirements.txt and imports nothing of this project.
"""

import json
import sys

from microsoft.store.partnercenterservices import MicrosoftPartnerStoreApis, models
from msrest import Deserializer
from msrest.authentication import BasicTokenAuthentication
from msrest.serialization import Model

# The Swagger says that each call answers a single row. It has the type of what does come, a collection, all the same.
COLLECTION = (
    "MicrosoftPartnerSdkContractsV1CollectionsResourceCollectionMicrosoftPartnerSdkContractsAnalytics{}Insights"
)
FAULT = "MicrosoftMarketplaceServicesCoreServiceFault"

deserialize = Deserializer({name: kind for name, kind in vars(models).items() if isinstance(kind, type)})


def read(kind, call, *of_whom):
    response = call(*of_whom, version=version, raw=True).response
    # The refusals that its Swagger names (400, 401, 403, 404, 500) the client does not raise: it hands them over.
    if response.status_code != 200:
        return {"status": response.status_code, "fault": plain(deserialize(FAULT, response))}
    return plain(deserialize(COLLECTION.format(kind), response))


def plain(value):
    """Return what the models hold under the wire's names; a name that they do not know ends the reading."""
    if isinstance(value, list):
        return [plain(each) for each in value]
    if not isinstance(value, Model):
        return value
    if value.additional_properties:
        sys.exit(f"{type(value).__name__} does not know {sorted(value.additional_properties)}")
    fields = {known["key"]: getattr(value, name) for name, known in value._attribute_map.items()}
    return {name: plain(field) for name, field in fields.items() if field is not None}


address, token, customer, version = sys.argv[1:]
client = MicrosoftPartnerStoreApis(BasicTokenAuthentication({"access_token": token}), base_url=address)
of_customer = client.getvversioncustomerscustomer
answers = {
    "deployment": read("PartnerLicensesDeployment", client.getvversionanalyticslicensesdeployment),
    "usage": read("PartnerLicensesUsage", client.getvversionanalyticslicensesusage),
    "customer-deployment": read("CustomerLicensesDeployment", of_customer.idanalyticslicensesdeployment, customer),
    "customer-usage": read("CustomerLicensesUsage", of_customer.idanalyticslicensesusage, customer),
}
json.dump(answers, sys.stdout, default=lambda moment: {"datetime": moment.isoformat()})
