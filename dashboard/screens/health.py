"""Can these figures be trusted today?"""
